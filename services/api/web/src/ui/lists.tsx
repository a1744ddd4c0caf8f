// Lists by cursor: what was read stays, more is read as one goes down.

import { useLingui } from "@lingui/react/macro";
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { UNDER_WAY_MS } from "@/api/queries";
import { Button } from "./controls";

type Paged<T> = { items: T[]; next: string | null };

/** `path` names what events make old (api/queries.ts, refresh); `params` is part of the key. While an
 * item `isUnderWay` they are asked for again now and then, whether or not an event comes. */
export function usePages<T>(
  path: string,
  params: Record<string, unknown>,
  read: (cursor: string | undefined) => Promise<Paged<T>>,
  isUnderWay: (item: T) => boolean = () => false,
) {
  return useInfiniteQuery<Paged<T>, Error, InfiniteData<Paged<T>>, unknown[], string | undefined>({
    queryKey: ["get", path, params, "pages"],
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(isUnderWay)) && UNDER_WAY_MS,
  });
}

/** Reads on by itself once its button comes into view. */
export function More({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}): ReactNode {
  const { t } = useLingui();
  const place = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (!place.current || !hasNextPage || isFetchingNextPage) return;
    const observer = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && fetchNextPage(),
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (!hasNextPage) return null;
  return (
    <div ref={place}>
      <Button busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
        {t`Show more`}
      </Button>
    </div>
  );
}
