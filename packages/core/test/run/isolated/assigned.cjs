'use strict'
exports.run = async ({ input }) => ({ from: 'commonjs', input })
