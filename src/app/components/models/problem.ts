import { messages } from "../../i18n.ts";

/** A sentence for what a call to the device failed with; the detail goes to the console. */
export function modelProblem(cause: unknown): string {
  console.warn(cause);
  const { problems } = messages.value.modelsPage;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "other";
  return code in problems ? problems[code as keyof typeof problems] : problems.other;
}
