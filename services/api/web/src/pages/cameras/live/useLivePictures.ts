// Live pictures of a camera or a wall, for as long as a component is shown.

import { useEffect, useEffectEvent, useState } from "react";
import { type LiveHeader, LiveSocket } from "./socket";

/** `take` gets each header, with its JPEG or null. Gives why nothing comes, or null: all is well. */
export function useLivePictures(
  path: string | null,
  take: (header: LiveHeader, jpeg: Blob | null) => void,
): string | null {
  const [fault, setFault] = useState<string | null>(null);
  const heard = useEffectEvent(take);
  useEffect(() => {
    if (path === null) return;
    const socket = new LiveSocket(path, (header, jpeg) => heard(header, jpeg), setFault);
    return () => socket.close();
  }, [path]);
  return fault;
}
