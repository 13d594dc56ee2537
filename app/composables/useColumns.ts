/**
 * Which columns of a table are shown. Kept in a cookie, so that the server renders the very table the browser had.
 * @param table names the table, e.g. `templates`
 * @param hidden columns that are hidden until the operator chooses them
 * @returns a ref for UTable's `v-model:column-visibility` and CommonColumnChooser's `v-model`
 */
export function useColumns(table: string, hidden: string[] = []) {
  return useCookie<Record<string, boolean>>(`columns-${table}`, {
    default: () => Object.fromEntries(hidden.map(id => [id, false])),
    maxAge: 365 * 86_400,
    sameSite: 'lax',
  })
}
