import { common } from "./en/common.ts";
import { dataPage } from "./en/data.ts";
import { draw } from "./en/draw.ts";
import { faults } from "./en/faults.ts";
import { join } from "./en/join.ts";
import { keeping } from "./en/keeping.ts";
import { modelsPage } from "./en/models.ts";
import { problems } from "./en/problems.ts";
import { record } from "./en/record.ts";
import { sentPage } from "./en/sent.ts";
import { settingsPage } from "./en/settings.ts";
import { share } from "./en/share.ts";
import { takingPart } from "./en/taking-part.ts";
import { tasksPage } from "./en/tasks.ts";

/** Every text of the page, a file a page or concern. `uk.ts` has this shape, so a missing message is a type error. */
export const en = {
  ...common,
  ...join,
  ...takingPart,
  ...record,
  ...draw,
  ...share,
  ...keeping,
  ...problems,
  faults,
  tasksPage,
  dataPage,
  modelsPage,
  sentPage,
  settingsPage,
};

export type Messages = typeof en;
