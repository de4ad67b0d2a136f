//! `[templates]`: a folder whose files take the place of the built-in templates of the same names.

use super::super::nearest::nearest;
use super::super::reader::{Fault, Table};
use super::super::settings::{TEMPLATES, TemplateFile};

/// The files of the folder. What is wrong within them is told by those who use them: here only that they can be read.
pub(in super::super) fn templates(mut table: Table<'_>) -> Vec<TemplateFile> {
    let folder_at = table.get("folder");
    table.finish();
    let Some(value) = folder_at else { return Vec::new() };
    let outside = &value.desk.outside;
    let Some(folder) = value.text() else { return Vec::new() };
    let names = match outside.list(folder) {
        Ok(names) => names,
        Err(fault) => {
            value.fail(fault);
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for name in names {
        if !TEMPLATES.contains(&name.as_str()) {
            let hint = match nearest(&name, TEMPLATES) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", TEMPLATES.join(", ")),
            };
            value.fail(Fault::new(format!("`{folder}/{name}` is no template's name")).hint(hint));
            continue;
        }
        match outside.read(&format!("{folder}/{name}")) {
            Ok(source) => files.push(TemplateFile { path: outside.path(folder).join(&name), name, source }),
            Err(fault) => value.fail(fault),
        }
    }
    files
}
