// One picture of a video looked at closely: frame by frame, evened out, among those around it.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import type { VideoView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Button, buttonClass, CheckField } from "@/ui/controls";
import { Dialog } from "@/ui/overlays";
import ui from "@/ui/ui.module.css";
import { evened } from "./enhance";
import css from "./videos.module.css";

const AROUND = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
const APART_S = 0.5;

type Props = {
  video: VideoView;
  startS: number;
  seek: (seconds: number) => void;
  close: () => void;
};

export function Frame({ video, startS, seek, close }: Props) {
  const { t } = useLingui();
  const { clock } = useFormat();
  const [atS, setAtS] = useState(startS);
  const [isEven, setEven] = useState(false);
  const lastS = Math.max((video.duration_s ?? Number.POSITIVE_INFINITY) - 0.05, 0);
  const go = (seconds: number) => setAtS(Math.min(Math.max(seconds, 0), lastS));
  const frameS = 1 / (video.frame_rate || 25);
  const url = (seconds: number, width: number) =>
    `/api/v1/videos/${video.video_id}/frame?t=${seconds.toFixed(3)}&width=${width}`;
  const when = clock(atS, true);
  const leave = () => {
    seek(atS);
    close();
  };
  return (
    <Dialog title={t`Picture at ${when}`} open onClose={leave}>
      <div className={css.frame}>
        <Picture src={url(atS, 1280)} isEven={isEven} label={t`Picture at ${when}`} />
        <div className={ui.actions}>
          <Button onClick={() => go(atS - frameS)}>{t`A frame back`}</Button>
          <Button onClick={() => go(atS + frameS)}>{t`A frame on`}</Button>
          <a
            className={buttonClass()}
            href={url(atS, 1920)}
            download={`${video.filename} ${when}.jpg`}
          >
            {t`Save the picture`}
          </a>
        </div>
        <CheckField
          label={t`Enhance`}
          hint={t`Evens out light and contrast, for your eyes only: it is not what the camera recorded.`}
          checked={isEven}
          onChange={(event) => setEven(event.currentTarget.checked)}
        />
        <div className={css.montage}>
          {AROUND.map((step) => {
            const seconds = Math.min(Math.max(startS + step * APART_S, 0), lastS);
            return (
              <button
                key={step}
                type="button"
                aria-current={Math.abs(seconds - atS) < APART_S / 2 || undefined}
                onClick={() => go(seconds)}
              >
                <img src={url(seconds, 240)} alt="" loading="lazy" />
                {clock(seconds, true)}
              </button>
            );
          })}
        </div>
      </div>
    </Dialog>
  );
}

function Picture({ src, isEven, label }: { src: string; isEven: boolean; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new Image();
    let isOver = false;
    image.onload = () => {
      const pen = !isOver && canvas.current?.getContext("2d", { willReadFrequently: true });
      if (!pen || !canvas.current) return;
      canvas.current.width = image.naturalWidth;
      canvas.current.height = image.naturalHeight;
      pen.drawImage(image, 0, 0);
      if (!isEven) return;
      const pixels = pen.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
      evened(pixels.data);
      pen.putImageData(pixels, 0, 0);
    };
    image.src = src;
    return () => {
      isOver = true;
    };
  }, [src, isEven]);
  return <canvas ref={canvas} role="img" aria-label={label} width="16" height="9" />;
}
