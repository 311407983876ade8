import { format, messages } from "../../i18n.ts";

/** Labels shown with a bar each; of more, the first. */
const SHOWN = 40;

/** How many samples bear each label. */
export function Balance({ labels }: { labels: readonly { name: string; samples: number }[] }) {
  const text = messages.value.dataPage.fit;
  const most = labels.reduce((top, { samples }) => Math.max(top, samples), 1);
  return (
    <table class="balance">
      <caption class="meta">{text.balance}</caption>
      <tbody>
        {labels.slice(0, SHOWN).map(({ name, samples }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="balance-bar">
              <svg class="balance-track" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(100 * samples) / most} height={1} />
              </svg>
            </td>
            <td class="number">{samples === 0 ? text.none : format.value.whole(samples)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
