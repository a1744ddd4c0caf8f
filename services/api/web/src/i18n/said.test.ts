import { afterEach, expect, it } from "vitest";
import { learn, said, translate } from "./said";

afterEach(() => translate({}));

it("says what services say in the reader's language", async () => {
  await learn("ko");
  expect(said("The camera does not answer.")).toBe("카메라가 응답하지 않습니다.");
  expect(said("The camera answers with error 500.")).toBe("카메라가 오류 500로 응답합니다.");
  expect(said("A raccoon")).toBe("A raccoon");
  expect(said("Faces cannot be hidden in it: The file is empty..")).toBe(
    "얼굴을 가릴 수 없습니다: 파일이 비어 있습니다..",
  );
  await learn("en");
  expect(said("The camera does not answer.")).toBe("The camera does not answer.");
});
