/** The configuration file of Limpid, {@code /etc/limpid/limpid.json}. */
package dev.limpid.config;
