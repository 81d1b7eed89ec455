/** The databases that Escapement knows. MariaDB is told apart from MySQL because their locking reads differ. */
export type DialectName = 'sqlite' | 'postgres' | 'mysql' | 'mariadb'
