@NullMarked
package io.github.blip2j.adapter;

import org.jspecify.annotations.NullMarked;
