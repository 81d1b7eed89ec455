import { type Expression, type ExpressionBuilder, type SqlBool, sql, type StringReference } from 'kysely'

/**
 * Guards an update: only rows that no newer lease has written are changed. The same update must write the fence into
 * `column`; when it changes no row, the lease has been overtaken.
 *
 * @param column - Where the rows keep the highest fence that wrote them: an integer of 64 bits; null for none yet.
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
export function whereFence<DB, TB extends keyof DB>(
  column: StringReference<DB, TB>,
  fence: bigint,
): (builder: ExpressionBuilder<DB, TB>) => Expression<SqlBool> {
  return (builder) => {
    const written = builder.ref(column)
    return sql<SqlBool>`(${written} is null or ${written} <= ${fence})`
  }
}
