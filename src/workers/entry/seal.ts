/** A worker of the secure sum's pool: `src/securesum/pool.ts` posts it its modules. */
import { expose } from "comlink";
import { serveSum } from "../../securesum/service.ts";
import { installErrorTransfer } from "../bridge.ts";

installErrorTransfer();
expose(serveSum());
