import type { Messages } from "./en.ts";
import { common } from "./uk/common.ts";
import { dataPage } from "./uk/data.ts";
import { draw } from "./uk/draw.ts";
import { faults } from "./uk/faults.ts";
import { join } from "./uk/join.ts";
import { keeping } from "./uk/keeping.ts";
import { modelsPage } from "./uk/models.ts";
import { problems } from "./uk/problems.ts";
import { record } from "./uk/record.ts";
import { sentPage } from "./uk/sent.ts";
import { settingsPage } from "./uk/settings.ts";
import { share } from "./uk/share.ts";
import { takingPart } from "./uk/taking-part.ts";
import { tasksPage } from "./uk/tasks.ts";

export const uk: Messages = {
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
