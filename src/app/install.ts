import { signal } from "@preact/signals";

/** Chromium's own event; other browsers install from their menu. */
interface InstallPrompt extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

/** The browser's offer to install, kept until the person asks for it; null where there is none. */
export const installOffer = signal<InstallPrompt | null>(null);
export const installed = signal(false);

export function watchInstall(target: Window): void {
  installed.value = target.matchMedia("(display-mode: standalone)").matches;
  target.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // asked for in Settings, not over a page that somebody reads
    installOffer.value = event as InstallPrompt;
  });
  target.addEventListener("appinstalled", () => {
    installOffer.value = null;
    installed.value = true;
    // Somebody who installs means to come back: now the wish to keep things is plain.
    void navigator.storage?.persist?.().catch((cause: unknown) => console.info("storage is not kept for good:", cause));
  });
}

export async function install(): Promise<void> {
  const offer = installOffer.value;
  if (offer === null) return;
  installOffer.value = null; // a prompt serves once
  await offer.prompt();
}
