import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { ID_BYTES } from "../id.ts";
import { LIMITS } from "./limits.ts";
import { Bytes, BytesUpTo, HashBytes, Place, PointBytes, ProofBytes, ScalarBytes, U32 } from "./schema.ts";

/** The requester's name for one exchange, drawn anew for each. */
export const REF_BYTES = 16;
const Ref = Bytes(REF_BYTES);
const Id = Bytes(ID_BYTES);

export const TOKEN_INPUT_BYTES = 32;
export const WORK_NONCE_BYTES = 8;

const Request = [
  /** A token, blind. With `work`: a registration; without: the next token of a pseudonym. */
  v.strictObject({ kind: v.literal("issue"), ref: Ref, blinded: PointBytes, work: v.nullable(v.strictObject({ epoch: U32, nonce: Bytes(WORK_NONCE_BYTES) })) }),
  /**
   * A token for a partial key; `mac` shows that the sender holds the token and meant this id and U.
   * `instead` names the id of an attempt that a member spoilt; it is revoked.
   */
  v.strictObject({ kind: v.literal("redeem"), ref: Ref, id: Id, U: PointBytes, input: Bytes(TOKEN_INPUT_BYTES), mac: HashBytes, instead: v.nullable(Id) }),
  /** Asks the committee to sign its successor, or its revocation list. */
  v.strictObject({ kind: v.literal("succeed"), ref: Ref, announcement: BytesUpTo(LIMITS.messageBytes / 2) }),
  v.strictObject({ kind: v.literal("revoke"), ref: Ref, epoch: U32, hashes: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.revoked)) }),
  /** Second round of a signature: the commitments of exactly t members, in ascending order of place. */
  v.strictObject({
    kind: v.literal("package"),
    ref: Ref,
    list: v.pipe(
      v.array(v.strictObject({ place: Place, hiding: PointBytes, binding: PointBytes })),
      v.maxLength(LIMITS.membersAtMost),
      v.check((list) => list.every(({ place }, at) => at === 0 || list[at - 1]!.place < place), "not ascending"),
    ),
  }),
] as const;

const Answer = [
  v.strictObject({ kind: v.literal("commitments"), ref: Ref, hiding: PointBytes, binding: PointBytes }),
  v.strictObject({ kind: v.literal("signature-share"), ref: Ref, share: ScalarBytes }),
  v.strictObject({ kind: v.literal("evaluation"), ref: Ref, evaluated: PointBytes, proof: ProofBytes }),
  v.strictObject({ kind: v.literal("refusal"), ref: Ref }),
] as const;

const RequestSchema = v.variant("kind", Request);
const AnswerSchema = v.variant("kind", Answer);
export type Request = v.InferOutput<typeof RequestSchema>;
export type Answer = v.InferOutput<typeof AnswerSchema>;
export type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;
export type AnswerOf<K extends Answer["kind"]> = Extract<Answer, { kind: K }>;

const requests = codec(1, RequestSchema, LIMITS.messageBytes);
const answers = codec(1, AnswerSchema, LIMITS.messageBytes);

export const encodeRequest = (request: Request): Uint8Array<ArrayBuffer> => requests.encode(request);
/** @throws WireError */
export const decodeRequest = (bytes: Uint8Array): Request => requests.decode(bytes);
export const encodeAnswer = (answer: Answer): Uint8Array<ArrayBuffer> => answers.encode(answer);
/** @throws WireError */
export const decodeAnswer = (bytes: Uint8Array): Answer => answers.decode(bytes);
