import eslint from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", "dist/", "services/", "**/*.cjs", "**/*.mjs"] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      // Numbers and names in messages are what template literals are for.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `const { [x]: _, ...rest }` says what is left out.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, argsIgnorePattern: "^_" }],
      "no-console": "error",
      // docs/adr/0013-yaml.md
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "js-yaml", message: "use yaml/write.ts and yaml/read.ts" }] },
      ],
    },
  },
  {
    files: ["tests/**/*.ts", "bench/**/*.ts", "cli/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    // Tests, benchmarks and the lab read documents of others, and ours with another parser than ours.
    files: ["yaml/**/*.ts", "tests/**/*.ts", "bench/**/*.ts", "lab/**/*.ts"],
    rules: { "no-restricted-imports": "off" },
  },
  {
    // One writer per volume: providers/compose/start-stop.ts proves it before it starts a container.
    files: ["cli/**/*.ts", "providers/**/*.ts", "targets/**/*.ts", "components/**/*.ts"],
    ignores: ["providers/compose/start-stop.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ArrayExpression > Literal:first-child[value=/^(start|restart|unpause|run)$/]",
          message: "Containers are started by startContainer() of providers/compose/start-stop.ts alone.",
        },
        {
          selector:
            "ArrayExpression:has(> Literal[value='compose']) > Literal[value=/^(start|restart|unpause|run)$/]",
          message: "Compose creates containers with `up --no-start`; startContainer() starts them.",
        },
        {
          selector:
            "ArrayExpression:has(> Literal[value='compose']):has(> Literal[value='up']):not(:has(> Literal[value='--no-start']))",
          message: "Compose creates containers with `up --no-start`; startContainer() starts them.",
        },
      ],
    },
  },
);
