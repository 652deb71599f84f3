/** Whether a host has what containers in virtual machines need. */
package dev.limpid.engine.check;
