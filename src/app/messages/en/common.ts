/** What stands on every page. */
export const common = {
  name: "Hromada",
  title: "Hromada: train a model together",
  skip: "Skip to the content",
  language: { label: "Language", en: "English", uk: "Українська" },
  theme: { label: "Theme", auto: "Automatic", light: "Light", dark: "Dark" },
  slot: {
    device: (number: number) => `Device ${number} of this browser`,
    shared: "This browser cannot tell its tabs apart (no Web Locks): take part in one tab only.",
  },
  nav: {
    label: "Pages",
    contribute: "Contribute",
    tasks: "Tasks",
    data: "Data",
    models: "Models",
    sent: "Sent",
    settings: "Settings",
    style: "Style",
  },
  /** Of the window; the first page has the app's own. */
  pageTitle: (page: string) => `${page} · Hromada`,
  page: {
    loading: "Opening the page…",
    failed: "This page’s part of the app could not be loaded.",
    failedSafe: "Training goes on, and nothing is lost.",
    again: "Try again",
  },
  update: {
    ready: "A new version is here.",
    "after-training": "A new version is here. It waits until you leave: training is not interrupted.",
    now: "Update now",
    later: "Later",
  },
};
