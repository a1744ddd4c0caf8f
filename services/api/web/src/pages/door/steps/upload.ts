// One file to the API, with its progress: fetch tells of none.

import { Problem } from "@/api/client";

/** `told` hears shares of 1. Rejects with a Problem. */
export function upload(file: File, told: (share: number) => void): Promise<void> {
  const request = new XMLHttpRequest();
  request.open("POST", `/api/v1/videos?filename=${encodeURIComponent(file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.responseType = "json";
  request.upload.onprogress = ({ loaded, total }) => told(loaded / total);
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(new Problem(0, ""));
    request.onload = () => {
      if (request.status < 300) return resolve();
      reject(new Problem(request.status, request.response?.detail ?? request.statusText));
    };
    request.send(file);
  });
}
