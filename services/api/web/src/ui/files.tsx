import { type ComponentProps, type ReactNode, useRef } from "react";
import { Button } from "./controls";

export const VIDEOS = "video/*,.mkv,.avi,.ts,.flv,.dav,.mjpeg";

/** A button that asks for files; `name` is that of the hidden input. */
export function FileButton({
  name,
  accept,
  multiple = false,
  take,
  children,
  ...rest
}: {
  name: string;
  accept: string;
  multiple?: boolean;
  take: (files: readonly File[]) => void;
  children: ReactNode;
} & Pick<ComponentProps<typeof Button>, "look" | "busy">) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple={multiple}
        hidden
        aria-label={name}
        onChange={(event) => {
          take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <Button {...rest} onClick={() => input.current?.click()}>
        {children}
      </Button>
    </>
  );
}
