import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { TaskManifest } from "../../../learn/task.ts";
import type { Session } from "../../session.ts";

/** What the tab's task calls its pictures' labels. */
export function useLabels(session: Session): string[] {
  const labels = useSignal<string[]>([]);
  useEffect(() => {
    let here = true;
    session.device
      .then((device) => device.task())
      .then(
        ({ manifest }) => here && (labels.value = namesIn(manifest)),
        () => undefined, // the session says what is wrong with the device
      );
    return () => void (here = false);
  }, [session]);
  return labels.value;
}

function namesIn({ data }: TaskManifest): string[] {
  if (data.kind !== "image") return [];
  return data.names ?? Array.from({ length: data.labels }, (_, label) => String(label));
}
