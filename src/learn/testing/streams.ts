/** A file's bytes as they may come: in pieces of a few bytes, cut anywhere. */
export function inPieces(text: string | Uint8Array, size = 3): ReadableStream<Uint8Array> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += size)));
    },
  });
}
