import * as v from "valibot";
import { codec, WireError } from "../wire/codec.ts";
import { MESH_LIMITS } from "./limits.ts";

/** The version of these blobs; the frames on the links have their own. */
export const INVITE_VERSION = 1;

const attempt = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const sdp = v.pipe(v.string(), v.minLength(1), v.maxLength(MESH_LIMITS.sdpChars));

const schema = v.variant("k", [
  /** The side that is called asks to be called. */
  v.strictObject({ k: v.literal("want") }),
  v.strictObject({ k: v.literal("offer"), a: attempt, sdp }),
  v.strictObject({ k: v.literal("answer"), a: attempt, sdp }),
  v.strictObject({
    k: v.literal("ice"),
    a: attempt,
    candidate: v.pipe(v.string(), v.maxLength(MESH_LIMITS.candidateChars)),
    mid: v.nullable(v.pipe(v.string(), v.maxLength(32))),
    line: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64))),
  }),
]);

/** What two devices say to each other to make a link, by the signalling server or over the mesh. */
export type Invite = v.InferOutput<typeof schema>;

export const inviteCodec = codec(INVITE_VERSION, schema, MESH_LIMITS.blobBytes);

const local = v.variant("type", [
  v.object({ type: v.picklist(["offer", "answer"]), sdp }),
  v.object({
    type: v.literal("candidate"),
    candidate: v.object({ candidate: v.string(), sdpMid: v.nullish(v.string(), null), sdpMLineIndex: v.nullish(v.number(), null) }),
  }),
]);

/** A signal of the own page as an invite; null for the kinds that a bare data channel has no use for. */
export function inviteOf(a: string, signal: string): Invite | null {
  const parsed = v.safeParse(local, JSON.parse(signal));
  if (!parsed.success) return null;
  const { output } = parsed;
  if (output.type !== "candidate") return { k: output.type, a, sdp: output.sdp };
  return { k: "ice", a, candidate: output.candidate.candidate, mid: output.candidate.sdpMid, line: output.candidate.sdpMLineIndex };
}

/** The page's form of an invite, built anew: nothing of the peer's passes but the checked fields. */
export function signalOf(invite: Invite): string {
  switch (invite.k) {
    case "offer":
    case "answer":
      return JSON.stringify({ type: invite.k, sdp: invite.sdp });
    case "ice":
      return JSON.stringify({ type: "candidate", candidate: { candidate: invite.candidate, sdpMid: invite.mid, sdpMLineIndex: invite.line } });
    case "want":
      throw new WireError("malformed", "a wish to be called is not a signal");
  }
}
