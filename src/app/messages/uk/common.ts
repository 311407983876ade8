import type { common as en } from "../en/common.ts";

export const common: typeof en = {
  name: "Громада",
  title: "Громада: навчаймо модель разом",
  skip: "Перейти до вмісту",
  language: { label: "Мова", en: "English", uk: "Українська" },
  theme: { label: "Тема", auto: "Автоматична", light: "Світла", dark: "Темна" },
  slot: {
    device: (number) => `Пристрій ${number} цього браузера`,
    shared: "Цей браузер не розрізняє своїх вкладок (немає Web Locks): беріть участь лише в одній.",
  },
  nav: {
    label: "Сторінки",
    contribute: "Участь",
    tasks: "Завдання",
    data: "Дані",
    models: "Моделі",
    sent: "Надіслане",
    settings: "Параметри",
    style: "Стиль",
  },
  pageTitle: (page) => `${page} · Громада`,
  page: {
    loading: "Відкриваємо сторінку…",
    failed: "Не вдалося завантажити частину застосунку для цієї сторінки.",
    failedSafe: "Навчання триває, нічого не втрачено.",
    again: "Спробувати ще раз",
  },
  update: {
    ready: "Є нова версія.",
    "after-training": "Є нова версія. Вона зачекає, поки ви вийдете: навчання не перерветься.",
    now: "Оновити зараз",
    later: "Пізніше",
  },
};
