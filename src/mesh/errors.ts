export type MeshErrorCode =
  /** No way to that peer now; send again once `onReachable` names it. */
  | "unreachable"
  /** The mesh, or the link, is closed. */
  | "closed"
  /** The caller's signal was aborted. */
  | "aborted"
  /** Not handed on in time; the peer or a relay is too slow. */
  | "timeout"
  /** Bigger than the mesh carries; cut it. */
  | "oversized"
  /** Too much is waiting on this link already. */
  | "full";

export class MeshError extends Error {
  override readonly name = "MeshError";
  constructor(
    readonly code: MeshErrorCode,
    message: string,
  ) {
    super(message);
  }
}
