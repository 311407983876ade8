import initialize, { type Ciphertext, type ClassHandle, type Decryptor, type MainModule } from "node-seal";
import { SumError } from "./errors.ts";
import type { RingKernel } from "./kernel.ts";
import { N, Q } from "./params.ts";
import type { Ring } from "./ring.ts";

/**
 * SEAL's own format without compression: a header, then residues as 64-bit words. Only what was computed and
 * checked here is written into it, never bytes of a peer: the SEAL that is wrapped predates a security fix.
 */
const POLYNOMIAL_BYTES = 8 * N;
const CIPHERTEXT_HEADER = 113;
const IS_NTT = 48;
/** Of a plaintext and of a secret key. */
const PLAIN_HEADER = 88;

/** An instance of node-seal from its compiled `dist/seal_throws.wasm`: one module serves many workers. */
export function startSeal(module: WebAssembly.Module): Promise<MainModule> {
  return new Promise((resolve, reject) => {
    const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) => {
      WebAssembly.instantiate(module, imports).then((instance) => done(instance, module), reject);
      return {};
    };
    initialize({ instantiateWasm }).then(resolve, reject);
  });
}

/** The ring by SEAL. Every object that it makes is deleted by `close`. @throws SumError `unavailable` */
export function createSealRing(kernel: RingKernel, seal: MainModule): Ring {
  const made: ClassHandle[] = [];
  const keep = <T extends ClassHandle>(object: T): T => {
    made.push(object);
    return object;
  };
  const none = seal.ComprModeType.none;
  const parameters = keep(new seal.EncryptionParameters(seal.SchemeType.ckks));
  const moduli = keep(seal.CoeffModulus.Create(N, Int32Array.of(52)));
  parameters.setPolyModulusDegree(N);
  parameters.setCoeffModulus(moduli);
  const context = keep(new seal.SEALContext(parameters, true, seal.SecLevelType.tc128));
  const evaluator = keep(new seal.Evaluator(context));
  const plain = keep(new seal.Plaintext());
  const ciphertext = keep(new seal.Ciphertext(context));
  ciphertext.resize(2);
  const frame = (ciphertext.saveToArray(none) as Uint8Array).slice();
  const prime = keep(moduli.get(0)!).value();
  if (!context.parametersSet() || Number(prime) !== Q || frame.length !== CIPHERTEXT_HEADER + 2 * POLYNOMIAL_BYTES)
    throw new SumError("unavailable", "this SEAL has another modulus or format than the one that was pinned");
  const generator = keep(new seal.KeyGenerator(context));
  const key = keep(generator.secretKey());
  const keyFrame = (key.saveToArray(none) as Uint8Array).slice();
  let decryptor: Decryptor | null = null;

  const first = (bytes: Uint8Array): Uint8Array => bytes.subarray(CIPHERTEXT_HEADER, CIPHERTEXT_HEADER + POLYNOMIAL_BYTES);

  /** (c0, c1) as a ciphertext of SEAL. */
  function load(c0: Uint8Array, c1: Uint8Array, isNtt: boolean): Ciphertext {
    frame[IS_NTT] = isNtt ? 1 : 0;
    frame.set(c0, CIPHERTEXT_HEADER);
    frame.set(c1, CIPHERTEXT_HEADER + POLYNOMIAL_BYTES);
    ciphertext.loadFromArray(context, frame);
    return ciphertext;
  }

  /** SEAL transforms both halves, and refuses a second one that is all zeros. */
  function transform(x: Uint8Array): Uint8Array {
    evaluator.cipherTransformToNttInplace(load(x, kernel.a, false));
    return first(ciphertext.saveToArray(none) as Uint8Array);
  }

  /** c0 + c1 · held: a decryption in a CKKS context rounds nothing. */
  function addProduct(c0: Uint8Array): Uint8Array {
    if (!decryptor) throw new SumError("reused-key", "no secret is held");
    decryptor.decrypt(load(c0, kernel.a, true), plain);
    return (plain.saveToArray(none) as Uint8Array).subarray(PLAIN_HEADER);
  }

  /** SEAL throws objects that are no errors, and cannot cross to another thread. */
  function attempt<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof Error) throw cause;
      throw new SumError("unavailable", "SEAL failed, most likely for want of memory; close other tabs and try again");
    }
  }

  function setKey(residues: Uint8Array): void {
    keyFrame.set(residues, PLAIN_HEADER);
    residues.fill(0);
    key.loadFromArray(context, keyFrame);
    keyFrame.fill(0, PLAIN_HEADER);
    decryptor?.delete();
    decryptor = null;
  }

  /** SEAL clears the memory of keys and decryptors when it frees it. */
  function erase(): void {
    setKey(new Uint8Array(POLYNOMIAL_BYTES));
    frame.fill(0, CIPHERTEXT_HEADER);
    ciphertext.loadFromArray(context, frame);
    plain.release();
  }

  return {
    hold(sign) {
      attempt(() => {
        kernel.lift(sign);
        kernel.a.fill(0);
        kernel.a[0] = 1;
        setKey(transform(kernel.x));
        kernel.x.fill(0);
        decryptor = new seal.Decryptor(context, key);
      });
    },
    hide() {
      attempt(() => kernel.x.set(addProduct(transform(kernel.x))));
    },
    reveal() {
      attempt(() => {
        evaluator.cipherTransformFromNttInplace(load(addProduct(kernel.x), kernel.a, true));
        kernel.x.set(first(ciphertext.saveToArray(none) as Uint8Array));
      });
    },
    erase: () => attempt(erase),
    close() {
      decryptor?.delete();
      for (const object of made.reverse()) object.delete();
    },
  };
}
