/** The servers that tests can ask for. */
export type ServerKind = 'postgres' | 'mariadb' | 'redis' | 'etcd'
