import { useRouter } from "@tanstack/react-router";
import type { ComponentProps } from "react";

/** A link to another room's page, by its path. */
export function Place({ path, ...rest }: { path: string } & ComponentProps<"a">) {
  const router = useRouter();
  return (
    <a
      {...rest}
      href={path}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
        event.preventDefault();
        router.history.push(path);
      }}
    />
  );
}

export function sourcePath(kind: "camera" | "upload", sourceId: string): string {
  return kind === "camera" ? `/cameras/${sourceId}` : `/videos/${sourceId}`;
}
