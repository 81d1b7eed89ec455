import { type Expression, type SqlBool, sql } from 'kysely'

/**
 * Guards an update: only rows that no newer lease has written are changed. The same update must write the fence into
 * `column`; when it changes no row, the lease has been overtaken.
 *
 * @param column - Where the rows keep the highest fence that wrote them: an integer of 64 bits;
 *   null for none yet. May be qualified, as `report.fence`.
 * @param fence - `lease.fence`, or `fence` of a handler's context.
 * @example
 * ```ts
 * const { numUpdatedRows } = await db
 *   .updateTable('report')
 *   .set({ body, fence: lease.fence })
 *   .where('id', '=', 1)
 *   .where(whereFence('fence', lease.fence))
 *   .executeTakeFirstOrThrow()
 * ```
 */
export function whereFence(column: string, fence: bigint): Expression<SqlBool> {
  return sql<SqlBool>`(${sql.ref(column)} is null or ${sql.ref(column)} <= ${fence})`
}
