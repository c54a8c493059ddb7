/** The commands that generate or score text: caption, vqa, rank. Internal. */
@NullMarked
package io.github.blip2j.cli.text;

import org.jspecify.annotations.NullMarked;
