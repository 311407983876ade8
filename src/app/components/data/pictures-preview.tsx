import { useEffect, useMemo, useState } from "preact/hooks";
import type { OwnPicture, OwnSet } from "../../../device/desk/api.ts";
import { messages } from "../../i18n.ts";
import { type OpenSet, type OwnDataView, PICTURES_SHOWN } from "../../own-data.ts";

function Thumbnail({ picture }: { picture: OwnPicture }) {
  const text = messages.value.dataPage.pictures;
  const url = useMemo(() => (picture.thumbnail ? URL.createObjectURL(picture.thumbnail) : null), [picture.thumbnail]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  return url === null ? <span class="thumbnail broken">{text.broken}</span> : <img class="thumbnail" src={url} alt={picture.name} />;
}

/** What is being typed stays, though the pictures are shown anew when another label is kept. */
function Label({ picture, view }: { picture: OwnPicture; view: OwnDataView }) {
  const [typed, setTyped] = useState<string | null>(null);
  const keep = async (label: string): Promise<void> => {
    await view.label(picture.index, label.trim() || null);
    setTyped((now) => (now === label ? null : now));
  };
  return (
    <input
      type="text"
      list="own-labels"
      aria-label={messages.value.dataPage.pictures.label(picture.name)}
      placeholder={messages.value.dataPage.add.noLabel}
      value={typed ?? picture.label ?? ""}
      maxLength={200}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => void keep(event.currentTarget.value)}
    />
  );
}

/** Pictures, some at a time, with the label of each, which may be changed by hand. */
export function PicturesPreview({ set, pictures, view }: { set: OwnSet; pictures: NonNullable<OpenSet["pictures"]>; view: OwnDataView }) {
  const text = messages.value.dataPage.pictures;
  const { from, shown } = pictures;
  return (
    <>
      <h3>
        {text.heading} <span class="meta">{text.shown(Math.min(from + 1, set.files), from + shown.length, set.files)}</span>
      </h3>
      <datalist id="own-labels">
        {set.labels.map(({ label }) => (
          <option key={label} value={label} />
        ))}
      </datalist>
      <ul class="pictures">
        {shown.map((picture) => (
          <li key={`${picture.index} ${picture.name}`} class="picture">
            <Thumbnail picture={picture} />
            <Label picture={picture} view={view} />
            <button type="button" class="remove" aria-label={text.remove(picture.name)} title={text.remove(picture.name)} onClick={() => void view.remove(picture.index)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      {set.files > PICTURES_SHOWN && (
        <div class="actions">
          <button type="button" class="button small" aria-disabled={from === 0} onClick={() => from > 0 && void view.page(Math.max(0, from - PICTURES_SHOWN))}>
            {text.earlier}
          </button>
          <button type="button" class="button small" aria-disabled={from + shown.length >= set.files} onClick={() => from + shown.length < set.files && void view.page(from + PICTURES_SHOWN)}>
            {text.later}
          </button>
        </div>
      )}
    </>
  );
}
