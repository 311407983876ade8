import { execFileSync } from "node:child_process";
import { debianPackage } from "../tools/chromium.ts";
import { test } from "./stage.ts";

function isThere(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false; // `which` has no other way to say no
  }
}

/**
 * The program, its Debian package installed where that is possible and due; otherwise the running test is
 * skipped, not in silence.
 */
export function needsProgram(program: string, debian: string): string {
  const here = isThere(program) || (debianPackage(debian) && isThere(program));
  if (!here) console.warn(`\n*** NOT TESTED: ${test.info().title}\n*** It needs ${program}. As root on Debian it is installed; elsewhere install ${debian} yourself.\n`);
  test.skip(!here, `needs ${program} (Debian package ${debian})`);
  return program;
}
