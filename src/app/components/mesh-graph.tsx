import type { Snapshot } from "../../device/api.ts";
import { messages } from "../i18n.ts";
import { layoutMesh, type MeshNode, shortId } from "../mesh-layout.ts";
import { Panel } from "./panel.tsx";

const WIDTH = 280;
const HEIGHT = 240;
const RADIUS = 88;
/** From a node's middle to its name. */
const NAME_GAP = 20;
/** Names are left out above this many devices: they would overlap. */
const NAMED = 16;

const across = (value: number): number => WIDTH / 2 + RADIUS * value;
const down = (value: number): number => HEIGHT / 2 + RADIUS * value;

function Node({ node, small }: { node: MeshNode; small: boolean }) {
  const radius = (node.reach === "self" ? 14 : 11) * (small ? 0.6 : 1);
  const round = 2 * Math.PI * radius;
  return (
    <g class={`node ${node.reach}`} transform={`translate(${across(node.x)} ${down(node.y)})`}>
      <circle class="node-ground" r={radius} />
      <circle class="node-ring" r={radius} stroke-dasharray={`${round * node.progress} ${round}`} transform="rotate(-90)" />
      {node.reach === "self" && <circle class="node-heart" r={radius * 0.45} />}
    </g>
  );
}

/** Beside its node, on the outer side: right of those on the right, left of those on the left, else above or below. */
function NodeName({ node, you }: { node: MeshNode; you: string }) {
  const side = Math.abs(node.x) > 0.3 ? Math.sign(node.x) : 0;
  const above = node.y < 0 ? -1 : 1;
  return (
    <text
      class="node-name"
      x={across(node.x) + side * NAME_GAP}
      y={down(node.y) + (side === 0 ? above * (NAME_GAP + 4) : 0)}
      text-anchor={side === 0 ? "middle" : side > 0 ? "start" : "end"}
      dominant-baseline="central"
    >
      {node.reach === "self" ? you : shortId(node.id)}
    </text>
  );
}

/** The devices of this room and their links, as far as this device knows them; the list below says the same in words. */
export function MeshGraph({ snapshot }: { snapshot: Snapshot }) {
  const { mesh: text, phase: names } = messages.value;
  const { nodes, edges } = layoutMesh(snapshot);
  const others = snapshot.peers.filter(({ id }) => id !== snapshot.self);
  const count = (reach: string) => others.filter((peer) => peer.reach === reach).length;
  const parts = [
    [count("linked"), text.linked],
    [count("relayed"), text.relayed],
    [count("dialling"), text.dialling],
  ] as const;
  const details = parts.filter(([number]) => number > 0).map(([number, say]) => say(number));
  const summary = others.length === 0 ? text.alone : `${text.others(others.length)}: ${details.join(", ")}`;
  return (
    <Panel id="mesh" heading={text.heading}>
      <figure class="mesh">
        <svg viewBox={nodes.length > 1 ? `0 0 ${WIDTH} ${HEIGHT}` : `0 ${HEIGHT / 3} ${WIDTH} ${HEIGHT / 3}`} role="img" aria-label={summary}>
          {edges.map(({ from, to, kind }) => (
            <line key={`${from.id}${to.id}`} class={`edge ${kind}`} x1={across(from.x)} y1={down(from.y)} x2={across(to.x)} y2={down(to.y)} />
          ))}
          {nodes.map((node) => (
            <Node key={node.id} node={node} small={nodes.length > NAMED} />
          ))}
          {nodes.length <= NAMED && nodes.map((node) => <NodeName key={`n${node.id}`} node={node} you={text.you} />)}
        </svg>
        <figcaption>
          <p>{summary}</p>
          {others.length > 0 && <p class="hint">{text.legend}</p>}
        </figcaption>
      </figure>
      {others.length > 0 && (
        <details>
          <summary>{text.list}</summary>
          <ul class="peers">
            {others.map((peer) => (
              <li key={peer.id}>
                <code title={peer.id}>{shortId(peer.id)}</code> {text.reach[peer.reach]}, {peer.phase === null ? text.noPhase : text.inPhase(names[peer.phase], peer.round ?? 0)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {snapshot.departures.length > 0 && (
        <details>
          <summary>{text.left(snapshot.departures.length)}</summary>
          <ul class="peers">
            {snapshot.departures.slice(-20).reverse().map(({ peer, round, phase, at }) => (
              <li key={`${peer}${at}`}>{text.departed(shortId(peer), round, phase === null ? text.noPhase : names[phase])}</li>
            ))}
          </ul>
        </details>
      )}
      {snapshot.accusations.length > 0 && (
        <details data-accused={snapshot.accusations.length}>
          <summary>{text.accusations(snapshot.accusations.length)}</summary>
          <ul class="peers">
            {snapshot.accusations.slice(-20).reverse().map(({ peer, round, what }) => (
              <li key={`${peer}${round}${what}`}>{text.accused(shortId(peer), round, what)}</li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}
