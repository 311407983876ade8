import { X509Certificate } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setSecurityHeaders } from "../headers.ts";

export const CA_PATH = "/hromada-ca.crt";

const STYLE = "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1c2422;background:#f7f6f2}a{color:#12615a}code{overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{color:#e8ece9;background:#14201e}a{color:#7fd1c5}}";

interface Steps {
  lang: string;
  title: string;
  why: string;
  download: string;
  then: [where: string, how: string][];
  compare: string;
  open: string;
  untrust: string;
}

const ENGLISH: Steps = {
  lang: "en",
  title: "Trust this machine's certificate",
  why: "Browsers give graphics, encryption and installing only to pages from a trusted address. This machine made a certificate of its own; trust it once on each device that is to take part.",
  download: "Download the certificate",
  then: [
    ["Android", "Settings → Security and privacy → More security settings → Encryption and credentials → Install a certificate → CA certificate → Install anyway, then choose hromada-ca.crt."],
    ["iPhone and iPad", "Open the download in Safari and allow it. Settings → General → VPN & Device Management → install the profile. Then Settings → General → About → Certificate Trust Settings → switch it on."],
    ["Windows", "Open the file → Install Certificate → Current User → Place in the following store → Trusted Root Certification Authorities."],
    ["macOS", "Open the file, find it in Keychain Access, open it, and under Trust choose Always Trust."],
    ["Linux, Chromium", "Settings → Privacy and security → Security → Manage certificates → Custom → Installed by you → Import, or: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Hromada -i hromada-ca.crt"],
    ["Firefox", "Settings → Privacy & Security → View Certificates → Authorities → Import → trust to identify websites."],
  ],
  compare: "Compare this fingerprint (SHA-256) with the one in the terminal before you trust it:",
  open: "Then open Hromada",
  untrust: "Whoever holds this machine's key could show your device any site as genuine: trust it only if the machine is yours, and remove the certificate when you no longer need it.",
};

const UKRAINIAN: Steps = {
  lang: "uk",
  title: "Довіртеся сертифікату цієї машини",
  why: "Браузери дають доступ до графіки, шифрування та встановлення лише сторінкам із надійної адреси. Ця машина створила власний сертифікат; довіртеся йому один раз на кожному пристрої, який братиме участь.",
  download: "Завантажити сертифікат",
  then: [
    ["Android", "Налаштування → Безпека та конфіденційність → Інші налаштування безпеки → Шифрування та облікові дані → Установити сертифікат → Сертифікат ЦС → Усе одно встановити, тоді виберіть hromada-ca.crt."],
    ["iPhone та iPad", "Відкрийте файл у Safari й дозвольте завантаження. Параметри → Загальні → VPN і керування пристроями → встановіть профіль. Потім Параметри → Загальні → Про пристрій → Довіра сертифікатам → увімкніть."],
    ["Windows", "Відкрийте файл → Встановити сертифікат → Поточний користувач → Розмістити в такому сховищі → Довірені кореневі центри сертифікації."],
    ["macOS", "Відкрийте файл, знайдіть його у «В’язці», відкрийте та в розділі «Довіра» виберіть «Завжди довіряти»."],
    ["Linux, Chromium", "Налаштування → Конфіденційність і безпека → Безпека → Керувати сертифікатами → Власні → Установлені вами → Імпорт, або: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Hromada -i hromada-ca.crt"],
    ["Firefox", "Налаштування → Приватність і безпека → Переглянути сертифікати → Центри сертифікації → Імпорт → довіряти для розпізнавання вебсайтів."],
  ],
  compare: "Перш ніж довіритися, порівняйте цей відбиток (SHA-256) із тим, що в терміналі:",
  open: "Потім відкрийте «Громаду»",
  untrust: "Той, хто має ключ цієї машини, міг би видати вашому пристрою будь-який сайт за справжній: довіряйте, лише якщо машина ваша, і вилучіть сертифікат, коли він більше не потрібен.",
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const section = (steps: Steps, fingerprint: string, secure: string | null): string => `<section lang="${steps.lang}">
<h1>${escape(steps.title)}</h1>
<p>${escape(steps.why)}</p>
<p><a href="${CA_PATH}" download>${escape(steps.download)}</a></p>
<ul>${steps.then.map(([where, how]) => `<li><b>${escape(where)}:</b> ${escape(how)}</li>`).join("")}</ul>
<p>${escape(steps.compare)}<br><code>${fingerprint}</code></p>
${secure === null ? "" : `<p><a href="${escape(secure)}"><b>${escape(steps.open)}</b></a></p>`}
<p><small>${escape(steps.untrust)}</small></p>
</section>`;

/** What plain HTTP gets at a port that serves HTTPS: how to trust the root, the root itself, and nothing else. */
export function trustListener(ca: string): RequestListener {
  const { raw, fingerprint256 } = new X509Certificate(ca);
  return (request: IncomingMessage, response: ServerResponse) => {
    setSecurityHeaders(request, response);
    response.setHeader("Cache-Control", "no-store");
    const path = (request.url ?? "/").split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
    } else if (path === CA_PATH) {
      response.writeHead(200, { "Content-Type": "application/x-x509-ca-cert", "Content-Length": raw.length });
      response.end(request.method === "HEAD" ? undefined : raw);
    } else {
      const host = request.headers.host ?? "";
      const secure = /^[A-Za-z0-9.:[\]-]+$/.test(host) ? `https://${host}/` : null;
      const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Hromada</title><link rel="stylesheet" href="/trust.css">${section(ENGLISH, fingerprint256, secure)}<hr>${section(UKRAINIAN, fingerprint256, secure)}</html>`;
      const [type, text] = path === "/trust.css" ? ["text/css; charset=utf-8", STYLE] : ["text/html; charset=utf-8", page];
      response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
      response.end(request.method === "HEAD" ? undefined : text);
    }
  };
}
