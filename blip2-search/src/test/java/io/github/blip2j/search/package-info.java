/** Tests of search. */
@org.jspecify.annotations.NullMarked
package io.github.blip2j.search;
