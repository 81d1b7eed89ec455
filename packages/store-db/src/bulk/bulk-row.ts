import type { BulkAction } from '@escapement/core'

/** A bulk action as it is read; `place` is its cursor, a word that MySQL reserves. */
export interface BulkRow {
  readonly id: string
  readonly kind: BulkAction['kind']
  readonly filter: string
  readonly status: BulkAction['status']
  readonly total: number
  readonly done: number
  readonly failed: number
  readonly place: string | null
  readonly created_by: string | null
  readonly created_at: number
  readonly updated_at: number
}

/** A row as a {@link BulkAction}. */
export function bulkOf({ id, kind, filter, status, total, done, failed, place: cursor, ...row }: BulkRow): BulkAction {
  const { created_by: by, created_at: createdAt, updated_at: updatedAt } = row
  return { id, kind, filter, status, total, done, failed, cursor, by, createdAt, updatedAt }
}
