/** Tests of the commands that index and search photos. */
@org.jspecify.annotations.NullMarked
package io.github.blip2j.cli.search;
