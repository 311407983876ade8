import { proxy, wrap, type Endpoint, type ProxyMarked, type Remote } from "comlink";
import { abortable, exposeGenerator, installErrorTransfer, iterate, type Stepper } from "../../workers/bridge.ts";
import type { Desk } from "./api.ts";

/** Whatever of the desk takes long, and tells on the way how far it is. */
type Long = "add" | "survey" | "trial";

type Steps<G> = G extends AsyncGenerator<infer T, infer R, void> ? Stepper<T, R> & ProxyMarked : never;
type ServedDesk = Omit<Desk, Long> & { [K in Long]: (...args: Parameters<Desk[K]>) => Steps<ReturnType<Desk[K]>> };

/** The desk as `connectDesk` speaks to it. */
export function serveDesk(desk: Desk): ServedDesk & ProxyMarked {
  installErrorTransfer();
  return proxy({
    ...desk,
    add: (...args: Parameters<Desk["add"]>) => exposeGenerator(desk.add(...args)),
    survey: (...args: Parameters<Desk["survey"]>) => exposeGenerator(desk.survey(...args)),
    trial: (...args: Parameters<Desk["trial"]>) => exposeGenerator(desk.trial(...args)),
  });
}

/** @param gone aborts when the worker has failed; whatever still waits for it then throws the reason */
export function connectDesk(endpoint: Endpoint, gone: AbortSignal): Desk {
  installErrorTransfer();
  const remote = wrap<ServedDesk>(endpoint);
  const call = <A extends unknown[], R>(ask: (...args: A) => Promise<R>) => (...args: A): Promise<R> => abortable(ask(...args), gone);
  const steps = <T, R>(opening: unknown): AsyncGenerator<T, R, void> => iterate(opening as Promise<Remote<Stepper<T, R> & ProxyMarked>>, gone);
  return {
    open: call((slot) => remote.open(slot)),
    sets: call(() => remote.sets()),
    add: (files, name, keep) => steps(remote.add(files, name, keep)),
    append: call((id, files) => remote.append(id, files)),
    label: call((id, index, label) => remote.label(id, index, label)),
    remove: call((id, index) => remote.remove(id, index)),
    forget: call((id) => remote.forget(id)),
    forgetAll: call(() => remote.forgetAll()),
    survey: (id) => steps(remote.survey(id)),
    pictures: call((id, from, count) => remote.pictures(id, from, count)),
    excerpt: call((id) => remote.excerpt(id)),
    fit: call((id, task, use) => remote.fit(id, task, use)),
    use: call((id, use) => remote.use(id, use)),
    choice: call((id, task) => remote.choice(id, task) as ReturnType<Desk["choice"]>),
    roles: call((survey) => remote.roles(survey)),
    tableData: call((survey, roles, missing) => remote.tableData(survey, roles, missing)),
    check: call((json) => remote.check(json)),
    layersModel: call((text) => remote.layersModel(text) as ReturnType<Desk["layersModel"]>),
    trial: (task, id) => steps(remote.trial(task, id)),
  };
}
