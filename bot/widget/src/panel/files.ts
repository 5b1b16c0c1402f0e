/** Pictures and files on their way to the gateway: looked at, made smaller by what nobody needs to know, sent. */

import { type Api, type Notice, Refused } from "./api";
import type { FileKind, SentFile } from "./types";

export const MOST_FILES = 3;
/** Of a file, where the gateway does not say. */
export const MOST_MB = 8;
const MB = 1024 * 1024;

/** By how a file begins, not by what it calls itself. */
const BEGINNINGS: [RegExp, string, FileKind][] = [
  [/^\xff\xd8\xff/, "image/jpeg", "picture"],
  [/^\x89PNG\r\n\x1a\n/, "image/png", "picture"],
  [/^GIF8[79]a/, "image/gif", "picture"],
  [/^RIFF[\s\S]{4}WEBP/, "image/webp", "picture"],
  [/^[\s\S]{4}ftyp(heic|heix|mif1)/, "image/heic", "picture"],
  [/^[\s\S]{4}ftypM4A/, "audio/mp4", "voice"],
  [/^[\s\S]{4}ftyp/, "video/mp4", "video"],
  [/^\x1a\x45\xdf\xa3/, "video/webm", "video"],
  [/^OggS/, "audio/ogg", "voice"],
  [/^(ID3|\xff[\xf2-\xfb])/, "audio/mpeg", "voice"],
  [/^RIFF[\s\S]{4}WAVE/, "audio/wav", "voice"],
  [/^%PDF-/, "application/pdf", "file"],
];

export interface Known {
  type: string;
  kind: FileKind;
}

export async function lookAt(file: Blob): Promise<Known | null> {
  const bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const begin = String.fromCharCode(...bytes);
  const [, type, kind] = BEGINNINGS.find(([pattern]) => pattern.test(begin)) ?? [];
  return type && kind ? { type, kind } : null;
}

/** A longer side than this shows a photo no better. */
const LONGEST_SIDE = 2_560;

/**
 * The picture drawn anew: where and with what it was taken does not travel with it. Throws where
 * the browser cannot draw it, so that nothing goes out as it was.
 */
export async function withoutTraces(file: Blob, type: string): Promise<Blob> {
  if (type !== "image/jpeg" && type !== "image/png") return file;
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("not drawn"))), type, 0.9),
  );
}

/** Why a file does not go: a key of the panel's words. */
export type Trouble = "fileTooLarge" | "fileKind" | "fileBroken" | "fileBusy" | "fileOffline" | "fileRefused" | "fileFailed";

export class NotSent extends Error {
  constructor(readonly why: Trouble) {
    super(why);
  }
}

export async function send(
  api: Api,
  file: File,
  { files: taken = [], file_mb = MOST_MB }: Partial<Notice>,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<SentFile> {
  const known = await lookAt(file);
  if (!known || !taken.includes(known.kind)) throw new NotSent("fileKind");
  // A large photo may be small enough once it is drawn anew.
  if (known.kind !== "picture" && file.size > file_mb * MB) throw new NotSent("fileTooLarge");
  let body: Blob;
  try {
    body = await withoutTraces(file, known.type);
  } catch {
    throw new NotSent("fileBroken");
  }
  if (body.size > file_mb * MB) throw new NotSent("fileTooLarge");
  try {
    return await api.upload(body, known.type, file.name.slice(-100), progress, signal);
  } catch (error) {
    if (!(error instanceof Refused)) throw new NotSent(navigator.onLine ? "fileFailed" : "fileOffline");
    const { status, message } = error;
    if (status === 413) throw new NotSent("fileTooLarge");
    if (status === 415) throw new NotSent(message === "not_a_picture" ? "fileBroken" : "fileKind");
    if (status === 429) throw new NotSent("fileBusy");
    throw new NotSent(status === 403 ? "fileRefused" : "fileFailed");
  }
}
