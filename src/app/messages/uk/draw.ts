import type { draw as en } from "../en/draw.ts";
import { plurals } from "../plural.ts";
import { drawings } from "./words.ts";

const counted = plurals("uk");

export const draw: typeof en = {
  draw: {
    heading: "Намалюйте цифру",
    hint: "Модель, якою вона є зараз, відповідає одразу, на цьому ж пристрої.",
    canvas: "Аркуш для малювання. Малюйте пальцем, пером або мишею. З клавіатури: стрілки рухають перо, пробіл опускає або піднімає його, Delete очищає аркуш.",
    clear: "Очистити",
    empty: "Намалюйте цифру від 0 до 9.",
    untrained: "Ненавчена модель лише вгадує.",
    answer: (digit, probability) => `Схоже на ${digit} (${probability}).`,
    latency: (time) => `відповідь за ${time}`,
    probabilities: "Імовірність кожної цифри",
    add: "Додати до моїх цифр як",
    addAs: (digit) => `Додати до моїх цифр як ${digit}`,
    added: (digit, count) => `Додано як ${digit}: ${counted(count, drawings)} на цьому пристрої.`,
    penDown: "Перо опущено",
    penUp: "Перо піднято",
    failed: "Модель зараз не змогла відповісти. Малюйте далі, щоб запитати знову.",
  },
};
