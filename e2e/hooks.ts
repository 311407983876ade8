/**
 * Scripts for `context.addInitScript`: each runs in the page before any other, and may use nothing from outside
 * of itself.
 */
declare global {
  /** Every connection that this page made, as `watchConnections` saw it. */
  var seenConnections: { configuration: RTCConfiguration | undefined; candidates: string[]; connection: RTCPeerConnection }[] | undefined;
  /** Policy violations on this page, as `watchViolations` saw them. */
  var seenViolations: string[] | undefined;
  /** Starts or stops dropping, as `dropLarge` does; says how many frames were dropped so far. */
  var dropping: ((drop: boolean) => number) | undefined;
  /** Ends and refuses connections with the other half of the room, or lets them be again. */
  var cutHalves: ((cut: boolean) => void) | undefined;
}

/** Keeps what each `RTCPeerConnection` was made with, and the candidates in its descriptions and its trickle. */
export function watchConnections(): void {
  const seen: NonNullable<typeof seenConnections> = [];
  globalThis.seenConnections = seen;
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(native, [configuration]: [RTCConfiguration | undefined]) {
      const connection = new native(configuration);
      const candidates: string[] = [];
      const collect = (): void => void candidates.push(...(connection.localDescription?.sdp.match(/^a=candidate:.*$/gm) ?? []));
      connection.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) candidates.push(candidate.candidate);
        collect();
      });
      connection.addEventListener("signalingstatechange", collect);
      seen.push({ configuration: structuredClone(configuration), candidates, connection });
      return connection;
    },
  });
}

export function watchViolations(): void {
  const seen: string[] = [];
  globalThis.seenViolations = seen;
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => void seen.push(`${violatedDirective} ${blockedURI}`));
}

/** Marks this page's descriptions with its half, so that the other side knows whom to refuse while the room is cut. */
export function splitRoom(half: string): void {
  const { prototype } = RTCPeerConnection;
  const described = Object.getOwnPropertyDescriptor(prototype, "localDescription")!.get!;
  const setRemote = prototype.setRemoteDescription as (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>;
  const others = new Map<RTCPeerConnection, string | undefined>();
  let cut = false;
  Object.defineProperty(prototype, "localDescription", {
    get(this: RTCPeerConnection) {
      const local = described.call(this) as RTCSessionDescription | null;
      // Attributes that nobody knows are passed over (RFC 8866, 5.13).
      return local && { type: local.type, sdp: `${local.sdp}a=x-half:${half}\r\n` };
    },
  });
  prototype.setRemoteDescription = function (description: RTCSessionDescriptionInit): Promise<void> {
    const other = /^a=x-half:(\w+)/m.exec(description.sdp ?? "")?.[1];
    if (cut && other !== half) return Promise.reject(new Error("the room is cut"));
    others.set(this, other);
    return setRemote.call(this, description);
  };
  globalThis.cutHalves = (next) => {
    cut = next;
    if (cut) for (const [connection, other] of others) if (other !== half) connection.close();
  };
}

/** Every frame that this page sends carries this protocol version. */
export function speakVersion(version: number): void {
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: Uint8Array<ArrayBuffer>) => void;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    if (!ArrayBuffer.isView(data)) throw new Error("frames are expected to be views of bytes");
    const frame = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();
    frame[0] = version;
    send.call(this, frame);
  };
}

/** Over its first data channel this page sends, while it is told so, nothing but small frames: heartbeats get through, updates do not. */
export function dropLarge(): void {
  const SMALL = 1_500;
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: Uint8Array<ArrayBuffer>) => void;
  const channels: RTCDataChannel[] = [];
  let on = false;
  let dropped = 0;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    if (!channels.includes(this)) channels.push(this);
    if (on && this === channels[0] && ArrayBuffer.isView(data) && data.byteLength > SMALL) return void dropped++;
    send.call(this, data as Uint8Array<ArrayBuffer>);
  };
  globalThis.dropping = (drop) => {
    on = drop;
    return dropped;
  };
}
