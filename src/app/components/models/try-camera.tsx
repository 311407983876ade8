import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "../../i18n.ts";

/** Between two frames that are looked at, in milliseconds. */
const EVERY = 150;

/** The camera's picture, which is on only while the person wants it; frames are handed on, and kept nowhere. */
export function TryCamera({ onFrame, hint }: { onFrame: (video: HTMLVideoElement) => void; hint: string | null }) {
  const text = messages.value.modelsPage;
  const video = useRef<HTMLVideoElement>(null);
  const stream = useSignal<MediaStream | null>(null);
  const failed = useSignal(false);
  const latest = useRef(onFrame);
  latest.current = onFrame;
  const stop = (): void => {
    stream.peek()?.getTracks().forEach((track) => track.stop());
    stream.value = null;
  };
  useEffect(() => stop, []);
  useEffect(() => {
    const element = video.current;
    if (stream.value === null || element === null) return;
    element.srcObject = stream.value;
    void element.play();
    const timer = setInterval(() => element.videoWidth > 0 && latest.current(element), EVERY);
    return () => clearInterval(timer);
  }, [stream.value]);
  const start = async (): Promise<void> => {
    failed.value = false;
    try {
      stream.value = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, facingMode: "environment" } });
    } catch (cause) {
      console.warn("The camera did not start.", cause);
      failed.value = true;
    }
  };
  const on = stream.value !== null;
  return (
    <div class="try-camera">
      {on && <video ref={video} muted playsInline aria-label={text.cameraView} />}
      <button type="button" class={on ? "button small" : "button primary"} onClick={() => (on ? stop() : void start())}>
        {on ? text.stopCamera : text.camera}
      </button>
      {hint !== null && <p class="hint">{hint}</p>}
      {failed.value && (
        <p class="hint wrong" role="alert">
          {text.cameraFailed}
        </p>
      )}
    </div>
  );
}
