/**
 * Marks a field whose value is another for another viewer, in a field's options:
 * `extensions: { ...costing({ own: 2 }), ...dependsOnViewer }`. What several subscribers share is never made with one.
 */
export const dependsOnViewer = { dependsOnViewer: true } as const;

/** Only `dependsOnViewer` puts anything there. */
export const isViewerDependent = ({
  extensions,
}: {
  readonly extensions: Readonly<Record<string, unknown>>;
}): boolean => extensions['dependsOnViewer'] === true;
