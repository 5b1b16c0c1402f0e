/** Files are known by how they begin, and every way of failing is told apart. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import { Api } from "../src/panel/api";
import { lookAt, NotSent, send } from "../src/panel/files";

const bytes = (text: string) => new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))]);

test.each([
  ["\xff\xd8\xff\xe0 JFIF", "image/jpeg", "picture"],
  ["\x89PNG\r\n\x1a\n rest", "image/png", "picture"],
  ["RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp", "picture"],
  ["\0\0\0\x18ftypheic", "image/heic", "picture"],
  ["\0\0\0\x18ftypisom", "video/mp4", "video"],
  ["OggS\0\x02", "audio/ogg", "voice"],
  ["%PDF-1.7", "application/pdf", "file"],
])("%j is %s", async (begin, type, kind) => {
  expect(await lookAt(bytes(begin))).toEqual({ type, kind });
});

test.each(["<script>alert(1)</script>", "<svg xmlns=", "MZ\x90", ""])("%j is not taken", async (begin) => {
  expect(await lookAt(bytes(begin))).toBeNull();
});

describe("sending", () => {
  let status: number;
  let code: string;
  let sent: FakeRequest[];
  const api = new Api("https://shop.example/api/v1/", () => "t");
  const shares: number[] = [];
  const pdf = (size = 20) => new File([bytes("%PDF-1.7"), new Uint8Array(size)], "Rechnung – März.pdf");
  const go = (file = pdf(), taken = ["file"] as ("file" | "picture")[]) =>
    send(api, file, { files: taken, file_mb: 2 }, (share) => shares.push(share), new AbortController().signal);

  class FakeRequest {
    headers: Record<string, string> = {};
    upload: { onprogress?: (event: object) => void } = {};
    status = 0;
    responseText = "";
    onload = () => {};
    onerror = () => {};
    open(method: string, url: string) {
      expect([method, url]).toEqual(["POST", "https://shop.example/api/v1/sessions/current/files"]);
    }
    setRequestHeader(name: string, value: string) {
      this.headers[name] = value;
    }
    getResponseHeader() {
      return null;
    }
    abort() {}
    send() {
      sent.push(this);
      this.upload.onprogress?.({ loaded: 1, total: 2 });
      this.status = status;
      this.responseText = JSON.stringify(
        status === 201 ? { file_id: "f", kind: "file", name: "n", size: 1 } : { error: { code, message: {} } },
      );
      if (status) this.onload();
      else this.onerror();
    }
  }

  beforeEach(() => {
    [status, code, sent] = [201, "", []];
    vi.stubGlobal("XMLHttpRequest", FakeRequest);
  });

  test("goes out with its kind, its name and the token, and tells how far it is", async () => {
    expect(await go()).toMatchObject({ file_id: "f" });
    expect(sent[0]!.headers).toEqual({
      "Content-Type": "application/pdf", "X-File-Name": "Rechnung%20%E2%80%93%20M%C3%A4rz.pdf", Authorization: "Bearer t",
    });
    expect(shares).toEqual([0.5]);
  });

  test.each([
    [413, "too_large", "fileTooLarge"], [415, "wrong_kind", "fileKind"], [415, "not_a_picture", "fileBroken"],
    [429, "too_many", "fileBusy"], [403, "not_kept", "fileRefused"], [500, "x", "fileFailed"], [0, "", "fileFailed"],
  ])("%i %s", async (answer, word, why) => {
    [status, code] = [answer, word];
    await expect(go()).rejects.toMatchObject({ why });
  });

  test("what is too large or not taken is not sent at all", async () => {
    await expect(go(pdf(2 * 1024 * 1024))).rejects.toMatchObject({ why: "fileTooLarge" });
    await expect(go(pdf(), ["picture"])).rejects.toBeInstanceOf(NotSent);
    expect(sent).toEqual([]);
  });

  test("a picture that cannot be drawn anew does not go out as it was", async () => {
    vi.stubGlobal("createImageBitmap", async () => {
      throw new DOMException("no picture");
    });
    await expect(go(new File([bytes("\xff\xd8\xff\xe1 Exif")], "a.jpg"), ["picture"])).rejects.toMatchObject({ why: "fileBroken" });
    expect(sent).toEqual([]);
  });
});
