import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "../../i18n.ts";

/** Longer side of a snapshot: more than any model here looks at. */
const SIDE = 512;

/** Snapshots of the camera, which is on only while the person wants it. */
export function CameraSource({ onPicture }: { onPicture: (picture: Blob) => void }) {
  const text = messages.value.dataPage.add.camera;
  const video = useRef<HTMLVideoElement>(null);
  const stream = useSignal<MediaStream | null>(null);
  const failed = useSignal(false);
  const stop = (): void => {
    stream.value?.getTracks().forEach((track) => track.stop());
    stream.value = null;
  };
  useEffect(() => stop, []);
  const start = async (): Promise<void> => {
    failed.value = false;
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, facingMode: "environment" } });
      stream.value = opened;
      if (video.current === null) return stop();
      video.current.srcObject = opened;
      await video.current.play();
    } catch (cause) {
      console.warn("The camera did not start.", cause);
      failed.value = true;
      stop();
    }
  };
  const take = (): void => {
    const from = video.current;
    if (from === null || from.videoWidth === 0) return;
    const scale = Math.min(1, SIDE / Math.max(from.videoWidth, from.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(scale * from.videoWidth);
    canvas.height = Math.round(scale * from.videoHeight);
    canvas.getContext("2d")?.drawImage(from, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((picture) => picture && onPicture(picture), "image/png");
  };
  const on = stream.value !== null;
  return (
    <div class="camera">
      <video ref={video} class={on ? "" : "off"} muted playsInline aria-label={text.view} />
      <div class="actions">
        {on && (
          <button type="button" class="button primary" onClick={take}>
            {text.take}
          </button>
        )}
        <button type="button" class={on ? "button" : "button primary"} onClick={() => (on ? stop() : void start())}>
          {on ? text.stop : text.start}
        </button>
      </div>
      {failed.value && (
        <p class="hint wrong" role="alert">
          {text.failed}
        </p>
      )}
    </div>
  );
}
