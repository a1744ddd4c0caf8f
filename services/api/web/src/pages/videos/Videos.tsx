// Uploads: what is on its way, and what was analysed. Files may be dropped anywhere on the page.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { $api, client } from "@/api/client";
import { useMay } from "@/api/session";
import { DropPlace } from "@/ui/drop";
import { FileButton, VIDEOS } from "@/ui/files";
import { Empty, Fault, Page, Skeleton } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { StoreOptions } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import { isBusy, Scoring } from "./progress";
import { UploadRow } from "./UploadRow";
import { add, useUploads } from "./uploads";
import { VideoRow } from "./VideoRow";
import css from "./videos.module.css";

export function Videos() {
  const { t } = useLingui();
  const mayUpload = useMay("upload");
  const [storeId, setStoreId] = useState("");
  const uploads = useUploads();
  const read = async (cursor: string | undefined) => {
    const { data } = await client.GET("/api/v1/videos", {
      params: { query: { limit: 30, cursor } },
    });
    if (!data) throw new Error("empty");
    return data;
  };
  const videos = usePages("/api/v1/videos", {}, read, isBusy);
  const items = videos.data?.pages.flatMap((page) => page.items) ?? [];
  const take = (files: Iterable<File>) => add(files, storeId || null);
  return (
    <DropPlace take={mayUpload ? take : undefined} invite={t`Drop to upload`}>
      <Page
        title={t`Uploads`}
        actions={
          mayUpload && (
            <>
              <StoreChoice value={storeId} choose={setStoreId} />
              <FileButton
                look="primary"
                name={t`Videos to upload`}
                accept={VIDEOS}
                multiple
                take={take}
              >
                {t`Upload videos`}
              </FileButton>
            </>
          )
        }
      >
        {uploads.length > 0 && (
          <ul className={ui.rows} aria-label={t`On their way`}>
            {uploads.map((upload) => (
              <UploadRow key={upload.key} upload={upload} />
            ))}
          </ul>
        )}
        {videos.error && !videos.data ? (
          <Fault error={videos.error} retry={() => videos.refetch()} />
        ) : !videos.data ? (
          <Skeleton rows={5} />
        ) : items.length === 0 && uploads.length === 0 ? (
          <Empty title={t`Nothing has been analysed yet`}>
            <p>
              {mayUpload
                ? t`Drop videos anywhere on this page, or choose some. They are analysed at once.`
                : t`Videos that colleagues hand in appear here.`}
            </p>
          </Empty>
        ) : (
          <ul className={ui.rows} aria-label={t`Videos`}>
            {items.map((video) => (
              <VideoRow key={video.video_id} video={video} />
            ))}
          </ul>
        )}
        <Scoring ids={items.filter(isBusy).map((video) => video.video_id)} />
        <More query={videos} />
      </Page>
    </DropPlace>
  );
}

/** Where there are several; else everything belongs to the one. */
function StoreChoice({ value, choose }: { value: string; choose: (storeId: string) => void }) {
  const { t } = useLingui();
  const stores = $api.useQuery("get", "/api/v1/stores").data?.items ?? [];
  if (stores.length < 2) return null;
  return (
    <select
      className={css.store}
      aria-label={t`Store of what is uploaded`}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <StoreOptions all={t`Usual store`} />
    </select>
  );
}
