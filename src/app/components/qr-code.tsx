import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messages } from "../i18n.ts";

/** Quiet zone round the code, in modules (ISO/IEC 18004 asks for 4). */
const BORDER = 4;
/** Any will do for a link, which looks random; to choose the best costs eight times as much (ISO/IEC 18004, 7.8). */
const MASK = 0;

/** One path of unit squares, a run of dark modules at a time. */
function pathOf(rows: boolean[][]): string {
  const runs: string[] = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x++;
      runs.push(`M${start} ${y}h${x + 1 - start}v1h${start - x - 1}z`);
    }
  });
  return runs.join("");
}

/** The link as a QR code, always dark on white, since many readers take no other. */
export function QrCode({ value }: { value: string }) {
  const text = messages.value.share;
  const code = useSignal<{ size: number; path: string } | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    let current = true;
    import("uqr").then(
      ({ encode }) => {
        if (!current) return;
        const { size, data } = encode(value, { border: BORDER, maskPattern: MASK });
        code.value = { size, path: pathOf(data) };
      },
    ).catch((cause: unknown) => {
      console.error(cause);
      failed.value = true;
    });
    return () => {
      current = false;
    };
  }, [value]);
  if (failed.value) return <p class="hint">{text.qrFailed}</p>;
  return (
    <svg class="qr" viewBox={`0 0 ${code.value?.size ?? 1} ${code.value?.size ?? 1}`} role="img" aria-label={text.qr} shape-rendering="crispEdges">
      {code.value && <path d={code.value.path} />}
    </svg>
  );
}
