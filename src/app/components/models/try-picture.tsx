import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Device, ModelView } from "../../../device/api.ts";
import { language, messages } from "../../i18n.ts";
import type { Sheet } from "../../sheet.ts";
import { throttle } from "../../throttle.ts";
import { Choices } from "../choices.tsx";
import { DigitCanvas } from "../digit-canvas.tsx";
import { FileButton } from "../file-button.tsx";
import { AnswerView } from "./answer-view.tsx";
import { useAsking } from "./asking.ts";
import { labelNames } from "./labels.ts";
import { type PictureData, readPicture, readSheet } from "./read-picture.ts";
import { TryCamera } from "./try-camera.tsx";

type Way = "draw" | "camera" | "file";

/** While a stroke is drawn, the model is asked at most this often, in milliseconds. */
const ASK_EVERY = 100;

/** A drawing, the camera or a file, and what the model makes of it. */
export function TryPicture({ device, model, data }: { device: Promise<Device>; model: ModelView; data: PictureData }) {
  const text = messages.value.modelsPage;
  const ways: readonly Way[] = data.channels === 3 ? ["camera", "file"] : ["draw", "camera", "file"];
  const way = useSignal<Way>(ways[0]!);
  const note = useSignal<string | null>(null);
  const preview = useSignal<string | null>(null);
  const sheet = useRef<Sheet | null>(null);
  const asking = useAsking(device, model.id);
  const give = (input: Float32Array | null): void => {
    note.value = input === null ? text.nothingSeen : null;
    if (input === null) asking.clear();
    else void asking.ask(input);
  };
  const show = useRef(give);
  show.current = give;
  const draw = useRef(throttle<Sheet>(() => ASK_EVERY, (drawn) => show.current(readSheet(drawn, data))));
  const clear = (): void => {
    sheet.current?.clear();
    note.value = null;
    asking.clear();
  };
  const forget = (): void => {
    if (preview.peek() !== null) URL.revokeObjectURL(preview.peek()!);
    preview.value = null;
  };
  useEffect(() => forget, []);
  const open = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    forget();
    try {
      const picture = await createImageBitmap(file);
      give(readPicture(picture, picture.width, picture.height, data, false));
      picture.close();
      preview.value = URL.createObjectURL(file);
    } catch (cause) {
      console.warn("The picture could not be read.", cause);
      asking.clear();
      note.value = text.pictureFailed;
    }
  };
  return (
    <>
      <Choices label={text.way} name="model-way" options={ways} text={(option) => text.ways[option]} value={way.value} onPick={(next) => (clear(), forget(), (way.value = next))} />
      <div class="try">
        {way.value === "draw" && (
          <div class="try-input">
            <DigitCanvas onReady={(ready) => (sheet.current = ready)} onInk={(drawn) => draw.current(drawn)} onClear={clear} />
            <button type="button" class="button small" onClick={clear}>
              {messages.value.draw.clear}
            </button>
          </div>
        )}
        {way.value === "camera" && <TryCamera hint={data.source === "digits" ? text.cameraDigit : null} onFrame={(video) => give(readPicture(video, video.videoWidth, video.videoHeight, data, true))} />}
        {way.value === "file" && (
          <div class="try-input">
            <FileButton text={text.picture} name="picture" accept="image/*" onFiles={([file]) => void open(file)} />
            {preview.value !== null && <img class="try-preview" src={preview.value} alt="" />}
          </div>
        )}
        <AnswerView asking={asking} names={labelNames(model.task, language.value)} waiting={note.value ?? text.waiting} />
      </div>
    </>
  );
}
