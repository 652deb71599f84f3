/** Templates: virtual machines that were booted once, and of which others are clones. */
package dev.limpid.vm.template;
