import type { takingPart as en } from "../en/taking-part.ts";
import { plurals } from "../plural.ts";
import { devices } from "./words.ts";

const counted = plurals("uk");

export const takingPart: typeof en = {
  status: {
    heading: "Участь",
    starting: "Пристрій запускається…",
    idle: "Не бере участі.",
    loading: "Завантажуємо модель, цифри та рушій…",
    joining: "Долучаємося: шукаємо інших і отримуємо їхню модель.",
    alone: "Тут поки нікого немає: пристрій навчає сам для себе й нічого не надсилає.",
    training: (others) =>
      `Навчаємо разом: ще ${counted(others, devices)}.`,
    trainingNobody: "Навчаємо; встановлюємо зв’язок з іншими.",
    paused: "Призупинено. З’єднання відкриті, навчання не йде.",
    held: {
      battery: "Пауза: працюємо від батареї. Зв’язки лишаються.",
      metered: "Пауза: з’єднання лімітоване. Зв’язки лишаються.",
      background: "Пауза: сторінка прихована. Зв’язки лишаються.",
    },
    goOn: "Усе одно продовжити",
    share: (share) => `Рушій працює ${share} часу.`,
    eased: {
      slower: (times) => `Кроки тривають у ${times} раза довше, ніж у найкращому разі: поки що вполовину швидкості (оцінка нагріву).`,
      "low-battery": "Батарея сідає: поки що вполовину швидкості.",
    },
    limits: "Обмеження цього пристрою",
    failed: "Пристрою довелося зупинитися.",
    breakpoint: "Зупинено на точці, яку задав тест.",
    done: (round, accuracy) => `Раунд ${round} завершено, точність ${accuracy}.`,
    left: (peer) => `Пристрій ${peer} вийшов.`,
    signal: {
      connecting: "Сервер кімнати: з’єднуємося",
      open: "Сервер кімнати: на зв’язку",
      down: "Сервер кімнати недоступний; з’єднання працюють і без нього",
      outdated: "Сервер кімнати: інша версія",
    },
    pause: "Призупинити",
    resume: "Продовжити",
    leave: "Вийти",
  },
  round: {
    heading: (round) => `Раунд ${round}`,
    waiting: "Чекаємо на раунд",
    left: (time) => `лишилося приблизно ${time}`,
    soon: "ось-ось",
    stages: "Етапи раунду",
    progress: (stage, percent) => `${stage}, ${percent}`,
    step: (step, steps) => `крок ${step} з ${steps}`,
    speed: (samples) => `${samples} зразків/с`,
  },
  phase: {
    "join-cutoff": "Збір",
    train: "Навчання",
    ready: "Готовність",
    send: "Надсилання",
    open: "Приймання",
    reduce: "Сума",
    commit: "Фіксація",
  },
  phaseHint: {
    "join-cutoff": "домовляємося, хто бере участь у раунді",
    train: "вчимося на власних даних цього пристрою",
    ready: "чекаємо, поки всі довчаться",
    send: "надсилаємо оновлення іншим",
    open: "перевіряємо отримані оновлення",
    reduce: "додаємо всі оновлення",
    commit: "узгоджуємо нову модель",
  },
};
